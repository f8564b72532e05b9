// until waits for a condition, never for a time: it asks again until condition gives something
// true, and answers with that. An error of the condition ends the wait.
export async function until(what, condition, { seconds = 60 } = {}) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const got = await condition();
    if (got) return got;
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s in vain until ${what}`);
    await new Promise((resume) => { setTimeout(resume, 50); });
  }
}
