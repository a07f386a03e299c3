/** Something that has begun and not ended. */
interface Open {
  readonly kind: 'block' | 'group' | 'case' | 'after' | 'text';
  /** What ends it, for people. */
  readonly missing: string;
  /** The reserved word that ends it. */
  readonly closer?: string;
  /** Of a `case`: what comes next in it. */
  part?: 'word' | 'in' | 'pattern' | 'body';
  /** `((` may be arithmetic, where `<<` shifts. */
  readonly mayBeArithmetic?: boolean;
}

interface HereDocument {
  readonly delimiter: string;
  readonly isQuoted: boolean;
  readonly stripsTabs: boolean;
}

/** A pass over text that pauses where it needs another line. */
type Scan<Value = void> = Generator<undefined, Value, undefined>;

const closers: Readonly<Record<string, string>> = {
  if: 'fi',
  while: 'done',
  until: 'done',
  for: 'done',
  select: 'done',
  case: 'esac',
  '{': '}',
};
/** Reserved words after which a command begins. */
const leaders = new Set(['then', 'elif', 'else', 'do', '!']);

/**
 * Tells whether lines are a whole shell command yet. It knows what keeps a command open and nothing else: what is wrong in another
 * way counts as whole, for the shell to say so. Give it the lines of one command, one after the other.
 *
 * @see POSIX.1-2024, Shell Command Language, 2.2 to 2.10
 */
export class CommandLexer {
  #text = '';
  #at = 0;
  readonly #open: Open[] = [];
  readonly #hereDocuments: HereDocument[] = [];
  #scan: Scan | undefined;

  /** @returns what is missing yet, `undefined` where the lines so far are whole. */
  add(line: string): string | undefined {
    this.#text = `${line}\n`;
    this.#at = 0;
    while (this.#at < this.#text.length) {
      this.#scan ??= this.#list();
      if (this.#scan.next().done !== true) return this.#open.at(-1)?.missing;
      this.#scan = undefined;
    }
    return undefined;
  }

  /** Commands up to the newline that ends them, or within `$(` to its `)`. */
  *#list(): Scan {
    const base = this.#open.length;
    let isStart = true;
    let isTarget = false;
    /** Words since `for` or `function`, which take a name. */
    let named: 'for' | 'function' | undefined;
    const top = () => (this.#open.length > base ? this.#open.at(-1) : undefined);
    for (;;) {
      const next = yield* this.#peek();
      if (next === ' ' || next === '\t') {
        this.#at += 1;
        continue;
      }
      if (next === '#') {
        this.#at = this.#text.indexOf('\n', this.#at);
        continue;
      }
      if (next === '\\' && this.#text[this.#at + 1] === '\n') {
        yield* this.#escape();
        continue;
      }
      if (next === '\n') {
        this.#at += 1;
        yield* this.#bodies();
        if (this.#open.length === 0) return;
        isStart = true;
        isTarget = false;
        continue;
      }
      if (top()?.kind === 'after') this.#open.pop();
      const frame = top();
      const operator = /^(?:&&|\|\||;;&|;;|;&|<<<|<<-|<<|>>|<&|>&|<>|>\||&>|[;&|<>()])/.exec(
        this.#text.slice(this.#at, this.#at + 3),
      )?.[0];
      if (operator === undefined) {
        const word = yield* this.#word();
        if (isTarget) {
          isTarget = false;
          isStart = false;
        } else if (frame?.kind === 'case' && frame.part !== 'body') {
          if (frame.part === 'word') frame.part = 'in';
          else if (frame.part === 'in' && word === 'in') frame.part = 'pattern';
          else if (word === 'esac') this.#open.pop();
          isStart = frame.part !== 'pattern' || word === 'esac';
        } else if (named !== undefined) {
          if (named === 'function') this.#after('the body of the function');
          isStart = true; // a `do` or a `{` may follow at once
          named = undefined;
        } else if (isStart) {
          isStart = leaders.has(word);
          const closer = Object.hasOwn(closers, word) ? closers[word] : undefined;
          if (closer !== undefined) {
            this.#open.push(
              word === 'case'
                ? { kind: 'case', missing: closer, closer, part: 'word' }
                : { kind: 'block', missing: closer, closer },
            );
            if (word === 'for' || word === 'select') named = 'for';
            isStart = true;
          } else if (word === 'function') {
            named = 'function';
          } else if (frame?.closer === word) {
            this.#open.pop();
            isStart = true;
          }
        }
        const call = /^[ \t]*\([ \t]*\)/.exec(this.#text.slice(this.#at, this.#at + 64))?.[0];
        if (call !== undefined && !word.endsWith('=') && frame?.part !== 'pattern') {
          this.#at += call.length;
          if (top()?.kind !== 'after') this.#after('the body of the function');
          isStart = true;
        }
        continue;
      }
      if (operator.startsWith('<<') && operator !== '<<<') {
        this.#at += operator.length;
        const isShift = frame?.mayBeArithmetic === true && /^[ \t]*[\d$]/.test(this.#text.slice(this.#at));
        if (!isShift) yield* this.#hereDocument(operator === '<<-');
        isStart = false;
        continue;
      }
      this.#at += operator.length;
      if (/[<>]/.test(operator)) {
        isTarget = true;
        continue;
      }
      isTarget = false;
      named = undefined;
      if (frame?.part === 'pattern') {
        if (operator === ')') frame.part = 'body';
        isStart = true;
        continue;
      }
      if (operator === '(') {
        const isDouble = this.#text[this.#at] === '(' || this.#text[this.#at - 2] === '(';
        const mayBeArithmetic = isDouble || frame?.mayBeArithmetic === true;
        this.#open.push({ kind: 'group', missing: ')', mayBeArithmetic });
      } else if (operator === ')') {
        const group = this.#open.findLastIndex(({ kind }, index) => index >= base && kind === 'group');
        if (group !== -1) this.#open.length = group;
        else if (base > 0) {
          this.#open.length = base;
          return;
        }
      } else if (operator.startsWith(';') && operator !== ';') {
        if (frame?.kind === 'case') frame.part = 'pattern';
      } else if (operator === '&&' || operator.startsWith('|')) {
        this.#after(`a command after ${operator}`);
      }
      isStart = true;
    }
  }

  /** A word. @returns its text as it stands; what is quoted in it is no reserved word. */
  *#word(): Scan<string> {
    let word = '';
    for (;;) {
      const next = yield* this.#peek();
      if (/[ \t\n;&|<>()]/.test(next)) return word;
      if (next === '\\' && this.#text[this.#at + 1] === '\n') {
        yield* this.#escape();
        continue;
      }
      word += next;
      yield* this.#piece(false);
    }
  }

  /** A character, or what it begins: a quotation, an expansion. */
  *#piece(isInDouble: boolean, areSingleQuotes = !isInDouble): Scan {
    const next = yield* this.#peek();
    const after = this.#text[this.#at + 1];
    if (next === '\\') yield* this.#escape();
    else if (next === "'" && areSingleQuotes) yield* this.#until("'", "'", 1, false);
    else if (next === '`') yield* this.#until('`', '`', 1, true);
    else if (next === '"') yield* this.#double();
    else if (next === '$' && after === "'" && areSingleQuotes) yield* this.#until("'", "'", 2, true);
    else if (next === '$' && after === '{') yield* this.#parameter(isInDouble);
    else if (next === '$' && after === '(') yield* this.#substitution();
    else this.#at += 1;
  }

  /** A backslash and what it quotes; an escaped newline wants another line. */
  *#escape(): Scan {
    this.#at += 2;
    this.#open.push({ kind: 'text', missing: 'the line after \\' });
    yield* this.#peek();
    this.#open.pop();
  }

  *#until(closer: string, missing: string, skip: number, hasEscapes: boolean): Scan {
    this.#at += skip;
    this.#open.push({ kind: 'text', missing });
    for (;;) {
      const next = yield* this.#peek();
      this.#at += next === '\\' && hasEscapes ? 2 : 1;
      if (next === closer) break;
    }
    this.#open.pop();
  }

  *#double(): Scan {
    this.#at += 1;
    this.#open.push({ kind: 'text', missing: '"' });
    while ((yield* this.#peek()) !== '"') yield* this.#piece(true);
    this.#at += 1;
    this.#open.pop();
  }

  /** `${…}`. Within double quotes a single quote in it is a character, but not in a pattern. [POSIX 2.6.2] */
  *#parameter(isInDouble: boolean): Scan {
    const isPattern = /^\$\{(?:\w+|[@*!?$#-])[#%/]/.test(this.#text.slice(this.#at, this.#at + 256));
    this.#at += 2;
    this.#open.push({ kind: 'text', missing: '}' });
    while ((yield* this.#peek()) !== '}') yield* this.#piece(isInDouble, !isInDouble || isPattern);
    this.#at += 1;
    this.#open.pop();
  }

  /** `$(…)` and `$((…))`. Newlines in it are none that here-documents before it wait for. */
  *#substitution(): Scan {
    const isArithmetic = this.#text[this.#at + 2] === '(';
    this.#at += 2;
    const before = this.#hereDocuments.splice(0);
    this.#open.push({ kind: 'text', missing: ')' });
    if (isArithmetic) yield* this.#arithmetic();
    else yield* this.#list();
    this.#open.pop();
    this.#hereDocuments.unshift(...before);
  }

  /** Up to the parenthesis that closes: right too for a subshell that begins a substitution. */
  *#arithmetic(): Scan {
    for (let depth = 1; depth > 0;) {
      const next = yield* this.#peek();
      if (next === '(') depth += 1;
      if (next === ')') depth -= 1;
      yield* this.#piece(false);
    }
  }

  /** The word after `<<`; its document begins after the next newline. */
  *#hereDocument(stripsTabs: boolean): Scan {
    while (/[ \t]/.test(yield* this.#peek())) this.#at += 1;
    const from = this.#at;
    yield* this.#word();
    const word = this.#text.slice(from, this.#at);
    if (word === '') return;
    const delimiter = word.replaceAll(/\\(.)|\$?(['"])(.*?)\2/g, '$1$3');
    this.#hereDocuments.push({ delimiter, isQuoted: delimiter !== word, stripsTabs });
  }

  /** The documents whose words stood on the line before. An escaped newline, where it is one, hides the end. */
  *#bodies(): Scan {
    for (;;) {
      const document = this.#hereDocuments.shift();
      if (document === undefined) return;
      this.#open.push({ kind: 'text', missing: `the end of the here-document, ${document.delimiter}` });
      for (let isJoined = false, isOpen = true; isOpen;) {
        yield* this.#peek();
        const end = this.#text.indexOf('\n', this.#at);
        const line = this.#text.slice(this.#at, end);
        this.#at = end + 1;
        const shown = document.stripsTabs ? line.replace(/^\t+/, '') : line;
        isOpen = isJoined || shown !== document.delimiter;
        isJoined = !document.isQuoted && /(?:^|[^\\])(?:\\\\)*\\$/.test(line);
      }
      this.#open.pop();
    }
  }

  #after(missing: string): void {
    this.#open.push({ kind: 'after', missing });
  }

  /** The next character; pauses for it where there is none. */
  *#peek(): Scan<string> {
    while (this.#at >= this.#text.length) yield undefined;
    return this.#text[this.#at] ?? '';
  }
}
