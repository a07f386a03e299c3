// Stops `npm start` and `npm test` with one line where the pinned Node could not be installed.
// Written for any Node that can load an ES module.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 24 || (major === 24 && minor < 20)) {
  console.error(
    `socketserver needs Node 24.20 or newer, this is ${process.versions.node}` +
      ' (`npm ci` installs one: were its install scripts switched off?)',
  );
  process.exit(1);
}
