// Keeps lessons in the browser's own file system. It is a worker because only workers may write
// files there as they go.

export {};
