import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { S3Error } from './s3-error';

type XmlContent = string | number | boolean | undefined | readonly XmlElements[] | XmlElements;

/** Children by element name. A list repeats its element, undefined leaves it out. */
export interface XmlElements {
  readonly [element: string]: XmlContent;
}

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  ignoreDeclaration: true,
});

/**
 * A document without a type definition: entities other than XML's own are never expanded.
 * @throws S3Error `MalformedXML`
 */
export function readXml(text: string): Readonly<Record<string, unknown>> {
  if (/<!(DOCTYPE|ENTITY)/i.test(text) || XMLValidator.validate(text) !== true) throw malformedXml();
  try {
    return parser.parse(text);
  } catch {
    // Names such as __proto__, and more nesting than any request of S3 has.
    throw malformedXml();
  }
}

export function malformedXml(): S3Error {
  const reason = 'The XML you provided was not well-formed or did not validate against our published schema';
  return new S3Error('MalformedXML', reason, 400);
}

export function writeXml(root: string, content: XmlElements): string {
  const namespace = root === 'Error' ? '' : ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${namespace}>${writeElements(content)}</${root}>`;
}

function writeElements(elements: XmlElements): string {
  return Object.entries(elements)
    .flatMap(([name, content]) => (isList(content) ? content : [content]).map((one) => writeElement(name, one)))
    .join('');
}

function writeElement(name: string, content: XmlContent): string {
  if (content === undefined) return '';
  const inner = typeof content === 'object' ? writeElements(content as XmlElements) : escapeText(String(content));
  return `<${name}>${inner}</${name}>`;
}

function isList(content: XmlContent): content is readonly XmlElements[] {
  return Array.isArray(content);
}

/** Control characters too: a parser would drop or change a carriage return in a key. */
function escapeText(text: string): string {
  return text.replace(/[&<>"\p{Cc}]/gu, (character) => `&#${character.codePointAt(0)};`);
}
