/** Files that a command may have open, softly, as on any system; Node has raised its own limit, which children would inherit. */
export const openFiles = 1_024;

/** What is missing in the rights of the files that a command makes. [umask(2)] */
export const fileMask = 0o022;
