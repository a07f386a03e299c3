/** What both sides call themselves. A constant, so that it is there in a bundle too; a test compares it with the package. */
export const software = 'rcmd/0.1.0';
