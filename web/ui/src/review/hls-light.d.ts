// hls.js describes its whole build only; the light one has the same names, less what is optional.
declare module "hls.js/light" {
  export { default } from "hls.js";
}
