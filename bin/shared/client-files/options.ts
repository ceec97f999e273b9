import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { S3Object } from '../../../aws/s3';
import { UsageError } from '../exit-codes';
import {
  FILE_FORMATS,
  type FileFormat,
  type FileSelection,
  TRUSTSTORE_FORMATS,
  type TruststoreFormat,
} from './contents';
import type { FileAccess } from './directory';

/** The options of every command that writes the files of clients. */
export interface FileOptions {
  readonly format: readonly FileFormat[];
  readonly truststore?: TruststoreFormat;
  readonly passwordFile?: string;
  /** ID of a group. */
  readonly group?: number;
  readonly mode?: number;
}

const PASSWORD_VARIABLE = 'MTLS_MESH_PASSWORD';

export function addFileOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <formats>', `what to write, separated by commas: ${FILE_FORMATS.join(', ')}`)
        .argParser(formats)
        .default(['pem'], 'pem'),
    )
    .addOption(
      new Option('--truststore <format>', 'also a truststore for servers, for example in Java').choices(
        TRUSTSTORE_FORMATS,
      ),
    )
    .option('--password-file <file>', `file with the password of stores (default: ${PASSWORD_VARIABLE})`)
    .addOption(new Option('--group <group>', 'group of the files, by name or ID').argParser(group))
    .addOption(new Option('--mode <mode>', 'mode of the files with the private key (default: 600)').argParser(mode));
}

/** The options of commands that don't find what a mesh publishes for servers by themselves. */
export interface PublishedOptions {
  /** An object with the certificate authorities that servers must trust. @default - those of the client's certificate */
  readonly clientCa?: S3Object;
  /** An object with the revocation lists of these authorities. @default - none are written */
  readonly crl?: S3Object;
}

export function addPublishedOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--client-ca <s3-url>',
        "object with client-ca.pem (default: the authorities of the client's certificate)",
      ).argParser(s3Object('client-ca.pem')),
    )
    .addOption(
      new Option('--crl <s3-url>', 'object with crl.pem, the revocation lists for servers (default: none)').argParser(
        s3Object('crl.pem'),
      ),
    );
}

/** What to write, and who can read it. */
export interface FileSettings {
  readonly selection: FileSelection;
  readonly access: FileAccess;
}

/** @throws UsageError if a store has no password */
export function fileSettings(options: FileOptions): FileSettings {
  const { format, truststore } = options;
  const hasStore = format.includes('p12') || truststore !== undefined;
  return {
    selection: { formats: format, truststore, password: hasStore ? passwordOf(options) : undefined },
    access: { privateMode: options.mode, group: options.group },
  };
}

/** Never an argument, because every user of the machine sees those of a process. */
function passwordOf({ passwordFile }: FileOptions): string {
  const password =
    passwordFile === undefined ? process.env[PASSWORD_VARIABLE] : readPassword(passwordFile).replace(/\r?\n$/, '');
  if (password) return password;
  throw new UsageError(`a store needs a password: use --password-file, or set ${PASSWORD_VARIABLE}`);
}

function readPassword(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UsageError(`the file with the password can't be read: ${(cause as Error).message}`, { cause });
  }
}

function formats(text: string): readonly FileFormat[] {
  const names = text.split(',');
  const known = FILE_FORMATS.filter((format) => names.includes(format));
  if (known.length === names.length) return known;
  throw new InvalidArgumentError(`must be ${FILE_FORMATS.join(' or ')}, or both separated by a comma`);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function s3Object(name: string): (text: string) => S3Object {
  return (text) => {
    const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/.exec(text) ?? [];
    if (bucket !== undefined && key !== undefined) return { bucket, key };
    throw new InvalidArgumentError(`must be the URL of an object, such as s3://bucket/${name}`);
  };
}

function mode(text: string): number {
  const number = Number.parseInt(text, 8);
  // The owner replaces the files, and nobody else may change them.
  if (/^0?[0-7]{3}$/.test(text) && (number & 0o600) === 0o600 && (number & 0o027) === 0) return number;
  throw new InvalidArgumentError('must be 600, 640, or another mode without rights for others');
}

function group(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  const id = groupId(text);
  if (id === undefined) throw new InvalidArgumentError('is not a group in /etc/group: specify its ID');
  return id;
}

function groupId(name: string): number | undefined {
  let groups: string;
  try {
    groups = readFileSync('/etc/group', 'utf8');
  } catch {
    return undefined;
  }
  const fields = groups.split('\n').map((line) => line.split(':'));
  const id = fields.find(([known]) => known === name)?.[2];
  return id === undefined ? undefined : Number(id);
}
