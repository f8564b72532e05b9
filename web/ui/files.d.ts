// What the bundler makes of files that are not TypeScript.

declare module "*.svg" {
  /** The file's text. */
  const text: string;
  export default text;
}

declare module "*.css";

/** True in a build for development. */
declare const DEV: boolean;

/** Where the scripts of the workers are served, by the name of their file. */
declare const WORKERS: { readonly vault: string };
