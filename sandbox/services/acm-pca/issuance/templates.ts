import { AwsError } from '../../../endpoint/api';
import type { SubjectAlternativeNames } from '../../../x509/names';
import {
  clientExtensions,
  rootAuthorityExtensions,
  serverAndClientExtensions,
  serverExtensions,
  subordinateAuthorityExtensions,
} from '../../../x509/profiles';

/** https://docs.aws.amazon.com/privateca/latest/userguide/template-definitions.html */
export interface CertificateTemplate {
  readonly certifies: 'root' | 'subordinate' | 'endEntity';
  /** For a subordinate, how many authorities may be below it. */
  readonly pathLength?: number;
  /** The extensions of the template, which a request can't override. */
  readonly extensions: (names: SubjectAlternativeNames) => ReturnType<typeof rootAuthorityExtensions>;
  /** Whether ApiPassthrough applies. Otherwise it is ignored. */
  readonly passesApi: boolean;
  /** Whether the certificate includes extensions of the request that the template doesn't define. */
  readonly passesCsr: boolean;
}

type Definition = Pick<CertificateTemplate, 'certifies' | 'pathLength' | 'extensions'>;

const VARIETIES = [
  { suffix: '', passesApi: false, passesCsr: false },
  { suffix: '_APIPassthrough', passesApi: true, passesCsr: false },
  { suffix: '_CSRPassthrough', passesApi: false, passesCsr: true },
  { suffix: '_APICSRPassthrough', passesApi: true, passesCsr: true },
] as const;

function varietiesOf(name: string, definition: Definition): readonly [string, CertificateTemplate][] {
  return VARIETIES.map(({ suffix, ...passes }) => [`${name}${suffix}/V1`, { ...definition, ...passes }]);
}

function subordinate(pathLength: number): Definition {
  return { certifies: 'subordinate', pathLength, extensions: () => subordinateAuthorityExtensions(pathLength) };
}

/** Root certificates use the authority's own request, so they have no CSR passthrough. */
const TEMPLATES: ReadonlyMap<string, CertificateTemplate> = new Map([
  ...varietiesOf('RootCACertificate', { certifies: 'root', extensions: rootAuthorityExtensions }).filter(
    ([, { passesCsr }]) => !passesCsr,
  ),
  ...[0, 1, 2, 3].flatMap((length) => varietiesOf(`SubordinateCACertificate_PathLen${length}`, subordinate(length))),
  ...varietiesOf('EndEntityCertificate', { certifies: 'endEntity', extensions: serverAndClientExtensions }),
  ...varietiesOf('EndEntityClientAuthCertificate', { certifies: 'endEntity', extensions: clientExtensions }),
  ...varietiesOf('EndEntityServerAuthCertificate', { certifies: 'endEntity', extensions: serverExtensions }),
]);

/** The default template. */
export function defaultTemplateArn(partition: string): string {
  return `${templatePrefix(partition)}EndEntityCertificate/V1`;
}

/**
 * @throws AwsError `InvalidArnException` for another kind of ARN, `InvalidArgsException` for an unsupported template
 */
export function templateOf(arn: string, partition: string): CertificateTemplate {
  const prefix = templatePrefix(partition);
  if (!arn.startsWith(prefix)) {
    throw new AwsError('InvalidArnException', `the template must be an ARN that starts with ${prefix}, got ${arn}`);
  }
  const template = TEMPLATES.get(arn.slice(prefix.length));
  if (template) return template;
  throw new AwsError('InvalidArgsException', `the sandbox does not support the template ${arn}`);
}

function templatePrefix(partition: string): string {
  return `arn:${partition}:acm-pca:::template/`;
}
