#!/usr/bin/env node
// Old syntax on purpose: an old Node must be able to read this file far enough to say that it is too old.

var parts = process.versions.node.split('.');
var major = Number(parts[0]);
var minor = Number(parts[1]);

if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(
    'fairlead needs Node.js 22.19 or newer, and this is Node.js ' +
      process.versions.node +
      ' (' +
      process.execPath +
      '): put a newer one first on PATH.\n',
  );
  process.exitCode = 3;
} else {
  // A checkout has the sources and runs them; the published package has only the bundle.
  import('node:fs')
    .then(function (fs) {
      var sources = new URL('../src/main.ts', import.meta.url);
      var bundle = new URL('../dist/main.js', import.meta.url);
      return import(fs.existsSync(sources) ? sources.href : bundle.href);
    })
    .then(function (program) {
      return program.runProcess();
    })
    .catch(function (error) {
      process.stderr.write('error: fairlead could not be loaded: ' + (error.stack || error) + '\n');
      process.exitCode = 1;
    });
}
