/** The tests of commands once more where Node starts them, and not the native package. */
process.env['SOCKETSERVER_ENGINE'] = 'node';
await import('./command-runner.test.ts');
await import('./reaper.test.ts');
