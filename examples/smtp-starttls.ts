/**
 * A mail sink: an SMTP server that offers STARTTLS, takes no mail without it, and prints what it would have stored.
 *
 *     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost
 *     node examples/smtp-starttls.ts --cert cert.pem --key key.pem --port 2525
 *     openssl s_client -starttls smtp -connect 127.0.0.1:2525
 *
 * @see RFC 5321 (SMTP), RFC 3207 (STARTTLS)
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ConcurrentTCPServer, formatAddress, StreamRequestHandler, type TLSOptions } from 'socketserver';
import { portArgument } from './program/address-arguments.ts';
import { ExpectedFailure, runProgram } from './program/run-program.ts';

/** Of a line with its end. [RFC 5321 4.5.3.1.6] */
const maxLineBytes = 1_000;
const maxMailBytes = 10_485_760;

/** What a client has said about the mail that it is about to send. */
interface Envelope {
  sender?: string;
  recipients: string[];
}

export class MailServer extends ConcurrentTCPServer {
  /** The same object for every client: its certificates are read once. */
  tls: TLSOptions = { cert: '', key: '' };
}

export class MailSink extends StreamRequestHandler {
  static override readonly timeout = 300; // [RFC 5321 4.5.3.2.7]
  static override readonly rbufsize = maxLineBytes;
  declare readonly server: MailServer;
  #envelope: Envelope = { recipients: [] };

  override async handle(): Promise<void> {
    await this.#reply(220, 'localhost ready');
    for await (const bytes of this.rfile) {
      const line = bytes.toString('latin1').trimEnd();
      const [verb = ''] = line.split(/[ :]/, 1);
      if (verb.toUpperCase() === 'QUIT') return this.#reply(221, 'bye');
      await this.#answer(verb.toUpperCase(), line.slice(verb.length + 1));
    }
  }

  #answer(verb: string, rest: string): Promise<void> {
    const isSecure = this.request.tls !== undefined;
    const envelope = this.#envelope;
    const [, path] = /^(?:from|to):\s*<(.*?)>/i.exec(rest) ?? [];
    if (verb === 'EHLO')
      return isSecure ? this.#reply(250, 'localhost') : this.#reply(250, 'localhost', 'STARTTLS');
    if (verb === 'HELO' || verb === 'NOOP') return this.#reply(250, 'localhost');
    if (verb === 'STARTTLS') return isSecure ? this.#reply(503, 'is encrypted already') : this.#startTLS();
    if (!isSecure) return this.#reply(530, 'must issue a STARTTLS command first');
    if (verb === 'RSET') return this.#reset(250, 'forgotten');
    if (verb === 'MAIL' && path !== undefined) return this.#note(() => (envelope.sender = path));
    if (verb === 'RCPT' && path !== undefined) return this.#note(() => envelope.recipients.push(path));
    if (verb === 'DATA')
      return envelope.recipients.length > 0 ? this.#receive() : this.#reply(503, 'for whom?');
    return this.#reply(502, `'${verb}' is unknown here`);
  }

  /** Whatever was said in plain text counts no more; what was not yet read of it fails the handshake. [RFC 3207 4.2] */
  async #startTLS(): Promise<void> {
    await this.#reply(220, 'go ahead');
    await this.request.startTLS(this.server.tls);
    this.#envelope = { recipients: [] };
  }

  async #receive(): Promise<void> {
    await this.#reply(354, 'end with a line of one dot');
    const mail = await this.request.readUntil('\r\n.\r\n', { max: maxMailBytes });
    const { sender = '', recipients } = this.#envelope;
    const { protocol } = this.request.tls!;
    console.log(`<${sender}> to <${recipients.join('>, <')}>: ${mail.length - 5} bytes over ${protocol}`);
    await this.#reset(250, 'taken');
  }

  #note(change: () => unknown): Promise<void> {
    change();
    return this.#reply(250, 'noted');
  }

  #reset(code: number, text: string): Promise<void> {
    this.#envelope = { recipients: [] };
    return this.#reply(code, text);
  }

  async #reply(code: number, ...lines: readonly string[]): Promise<void> {
    const last = lines.length - 1;
    const reply = lines.map((line, index) => `${code}${index < last ? '-' : ' '}${line}\r\n`);
    await this.wfile.write(reply.join(''));
  }
}

if (import.meta.main) {
  await runProgram('node examples/smtp-starttls.ts --port', async () => {
    const { values } = parseArgs({
      options: {
        cert: { type: 'string' },
        key: { type: 'string' },
        port: { type: 'string', default: '2525' },
      },
    });
    const { cert, key } = values;
    if (cert === undefined || key === undefined)
      throw new ExpectedFailure('--cert and --key must name two files');
    await using server = new MailServer(['127.0.0.1', portArgument(values.port)], MailSink);
    server.tls = { cert: readFileSync(cert), key: readFileSync(key) };
    console.log(`SMTP server on ${formatAddress(server.serverAddress)}`);
    await server.serveForever();
  });
}
