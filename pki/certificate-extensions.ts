/** Whether the extensions of a client certificate can be honored, without an ASN.1 library. */
import type { X509Certificate } from 'node:crypto';
import { type Element, readElement, readElements, Tag } from './der';

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

export interface Extension {
  /** Content octets, hexadecimal. */
  readonly oid: string;
  readonly isCritical: boolean;
  /** DER, except in a certificate that violates RFC 5280. */
  readonly value: Uint8Array;
}

/** The extensions of a certificate (RFC 5280, section 4.1). Undefined if they can't be read. */
export function extensionsOf(certificate: Uint8Array): readonly Extension[] | undefined {
  const fields = certificateFields(certificate);
  if (fields === undefined) return undefined;
  const explicit = fields.find(({ tag }) => tag === Tag.context3);
  return explicit === undefined ? [] : readExtensions(explicit.content);
}

/** The fields of TBSCertificate, in order. The first one, `version`, is absent from a certificate of version 1. */
export function certificateFields(certificate: Uint8Array): readonly Element[] | undefined {
  const signed = readElement(certificate, Tag.sequence);
  const tbsCertificate = signed && readElement(signed.content, Tag.sequence);
  return tbsCertificate && readElements(tbsCertificate.content);
}

/** The DER of Extensions, of a certificate, a revocation list, or an entry of one. Undefined if it can't be read. */
export function readExtensions(der: Uint8Array): readonly Extension[] | undefined {
  const list = readElement(der, Tag.sequence);
  const extensions = (list && readElements(list.content))?.map(readExtension);
  return extensions?.every((extension) => extension !== undefined) ? extensions : undefined;
}

function readExtension({ tag, content }: Element): Extension | undefined {
  const [identifier, second, third] = readElements(content) ?? [];
  if (tag !== Tag.sequence || identifier?.tag !== Tag.objectIdentifier) return undefined;
  const isCritical = second?.tag === Tag.boolean && second.content.some((octet) => octet !== 0);
  const value = second?.tag === Tag.boolean ? third : second;
  return { oid: Buffer.from(identifier.content).toString('hex'), isCritical, value: value?.content ?? Buffer.of() };
}
