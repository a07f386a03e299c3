/** Tells whether the groups of commands could be made where this program is. */
import { ControlGroups } from '../../../src/process/control-groups.ts';

const groups = ControlGroups.create(`rcmd-try-${process.pid}`);
console.log(groups === undefined ? 'none' : groups.folder);
groups?.close();
