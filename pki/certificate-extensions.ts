/** Whether the extensions of a client certificate can be honored, without an ASN.1 library. */
import type { X509Certificate } from 'node:crypto';
import { readElement, readElements, Tag } from './der';

/** The content octets of object identifiers, hexadecimal. */
const PROCESSED: readonly string[] = [
  '551d0f', // key usage
  '551d11', // subject alternative name
  '551d13', // basic constraints
  '551d20', // certificate policies: the mesh accepts every policy
  '551d25', // extended key usage
];

/**
 * The first reason why the extensions can't be honored, as the rest of a sentence: a critical extension that the mesh does
 * not process (RFC 5280, section 4.2), an extension that appears twice, or a structure that can't be read.
 */
export function extensionProblem(certificate: X509Certificate): string | undefined {
  const extensions = extensionsOf(certificate.raw);
  if (extensions === undefined) return 'has extensions that cannot be read';
  const unknown = extensions.find(({ oid, isCritical }) => isCritical && !PROCESSED.includes(oid));
  if (unknown) return `has a critical extension that the mesh does not process, with the OID 0x${unknown.oid}`;
  const oids = extensions.map(({ oid }) => oid);
  const repeated = oids.find((oid, index) => oids.indexOf(oid) < index);
  return repeated === undefined ? undefined : `has the extension with the OID 0x${repeated} more than once`;
}

interface CertificateExtension {
  /** Content octets, hexadecimal. */
  readonly oid: string;
  readonly isCritical: boolean;
}

/** RFC 5280, section 4.1. Undefined if they can't be read. */
function extensionsOf(der: Uint8Array): readonly CertificateExtension[] | undefined {
  const certificate = readElement(der, Tag.sequence);
  const tbsCertificate = certificate && readElement(certificate.content, Tag.sequence);
  const fields = tbsCertificate && readElements(tbsCertificate.content);
  if (fields === undefined) return undefined;
  const explicit = fields.find(({ tag }) => tag === Tag.context3);
  if (explicit === undefined) return [];
  const list = readElement(explicit.content, Tag.sequence);
  const extensions = (list && readElements(list.content))?.map(readExtension);
  return extensions?.every((extension) => extension !== undefined) ? extensions : undefined;
}

function readExtension({ tag, content }: { readonly tag: number; readonly content: Uint8Array }) {
  const [identifier, critical] = readElements(content) ?? [];
  if (tag !== Tag.sequence || identifier?.tag !== Tag.objectIdentifier) return undefined;
  const isCritical = critical?.tag === Tag.boolean && critical.content.some((octet) => octet !== 0);
  return { oid: Buffer.from(identifier.content).toString('hex'), isCritical };
}
