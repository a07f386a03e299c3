/** More than the time for which a thread counts as one that moves after it has: who comes before that may be given to it. */
export const signOfLifeMs = 5;
