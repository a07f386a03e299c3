import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** What both sides call themselves. */
export const software = `rcmd/${version}`;
