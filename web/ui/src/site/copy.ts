// <copy-button data-for="INPUT" data-done="Copied">: copies what stands in the input. Hidden in the
// page until a script can do it.

const shownFor = 2000; // ms that 'Copied' stands in place of the button's text

/** A button that copies the text of an input. */
export class CopyButton extends HTMLElement {
  connectedCallback(): void {
    if (!navigator.clipboard) return; // not over plain http; the text can be selected
    this.hidden = false;
    this.querySelector("button")?.addEventListener("click", () => void this.copy());
  }

  private async copy(): Promise<void> {
    const input = document.getElementById(this.dataset.for ?? "");
    const label = this.querySelector("span");
    if (!(input instanceof HTMLInputElement) || !label) return;
    await navigator.clipboard.writeText(input.value);
    const before = label.textContent;
    label.textContent = this.dataset.done ?? "";
    label.setAttribute("role", "status");
    setTimeout(() => {
      label.textContent = before;
      label.removeAttribute("role");
    }, shownFor);
  }
}
