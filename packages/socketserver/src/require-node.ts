/** Imported first by the package's doors, so that an old Node says what is wrong instead of failing somewhere deep. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 24 || (major === 24 && minor < 20)) {
  const error = new Error(`socketserver needs Node 24.20 or newer, this is ${process.versions.node}`);
  delete error.stack; // one clear line: the place in this file helps nobody
  throw error;
}
