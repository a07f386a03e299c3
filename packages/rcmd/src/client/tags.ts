import type { ExecOptions } from './exec-options.ts';
import { show } from './option-rules.ts';
import type { RemoteProcess } from './remote-process.ts';
import { argumentsOf, isTemplate, lineOf, type TemplateValue } from './template.ts';

type Merged<Base, Added> = Omit<Base, keyof Added> & Added;

/** Runs what a template writes, as a program and its arguments. */
export interface ArgumentTag<Base = object> {
  (strings: TemplateStringsArray, ...values: readonly TemplateValue[]): RemoteProcess<Base>;
  /** The same with options. */
  <const Options extends ExecOptions>(options: Options): ArgumentTag<Merged<Base, Options>>;
}

/** Runs a line in a shell. */
export interface ShellTag<Base = object> {
  (strings: TemplateStringsArray, ...values: readonly TemplateValue[]): RemoteProcess<Base>;
  /** Runs the line as it is: quoting is the caller's affair. */
  <const Options extends ExecOptions = object>(
    line: string,
    options?: Options,
  ): RemoteProcess<Merged<Base, Options>>;
  /** The same with options. */
  <const Options extends ExecOptions>(options: Options): ShellTag<Merged<Base, Options>>;
}

export type StartProgram = (argv: [string, ...string[]], options: ExecOptions) => RemoteProcess<never>;
export type StartLine = (line: string, options: ExecOptions) => RemoteProcess<never>;

export function argumentTag(start: StartProgram, base: ExecOptions = {}): ArgumentTag {
  const tag = (first: TemplateStringsArray | ExecOptions, ...values: readonly TemplateValue[]): unknown => {
    if (isTemplate(first)) return start(argumentsOf(first, values), base);
    if (typeof first === 'object') return argumentTag(start, { ...base, ...first });
    throw new TypeError(
      `Cannot use $: it takes a template or options, got ${show(first)}; exec() takes a program and its arguments`,
    );
  };
  return tag as ArgumentTag;
}

export function shellTag(start: StartLine, base: ExecOptions = {}): ShellTag {
  const tag = (first: TemplateStringsArray | string | ExecOptions, ...rest: readonly unknown[]): unknown => {
    if (isTemplate(first)) return start(lineOf(first, rest as readonly TemplateValue[]), base);
    if (typeof first === 'string') return start(first, { ...base, ...(rest[0] as ExecOptions | undefined) });
    return shellTag(start, { ...base, ...first });
  };
  return tag as ShellTag;
}
