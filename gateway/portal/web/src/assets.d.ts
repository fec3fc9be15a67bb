declare module "*.bin" {
  const bytes: Uint8Array;
  export default bytes;
}
declare module "*.json" {
  const value: string[];
  export default value;
}
