import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { S3Error } from '../s3-error';

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  ignoreDeclaration: true,
});

/**
 * Reads a document without a type definition. Only expands XML's predefined entities.
 * @throws S3Error `MalformedXML`
 */
export function readXml(text: string): Readonly<Record<string, unknown>> {
  if (/<!(DOCTYPE|ENTITY)/i.test(text) || XMLValidator.validate(text) !== true) throw malformedXml();
  try {
    return parser.parse(text);
  } catch {
    // Names such as __proto__, and deeper nesting than any S3 request has.
    throw malformedXml();
  }
}

export function malformedXml(): S3Error {
  const reason = 'The XML you provided was not well-formed or did not validate against our published schema';
  return new S3Error('MalformedXML', reason, 400);
}
