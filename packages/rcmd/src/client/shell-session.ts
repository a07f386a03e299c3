import { shellTag, type ShellTag, type StartLine } from './tags.ts';

/** A shell whose working directory and variables last from one line to the next. The server keeps them while the connection lasts. */
export class ShellSession {
  readonly name: string;
  /** As the `sh` of a client, in this session. One line at a time: they change the same state. */
  readonly sh: ShellTag;

  /** Made by `client.session()`. */
  constructor(name: string, start: StartLine) {
    this.name = name;
    this.sh = shellTag(start);
  }
}
