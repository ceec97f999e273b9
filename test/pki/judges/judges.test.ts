/** Programs of others verify chains and revocation lists, and lint them against RFC 5280. */
import 'reflect-metadata';
import type { KeyAlgorithm } from '../../../pki/keys';
import { describeWith } from '../../programs';
import { createHierarchy, type ExampleHierarchy } from './example-hierarchy';
import { Files, goJudge, javaJudge, type Outcome, run } from './programs';

const ALGORITHMS: readonly KeyAlgorithm[] = ['EC_prime256v1', 'EC_secp384r1', 'RSA_2048'];
const PARTS = ['root', 'subordinate', 'client', 'rootList', 'list', 'revokingList'] as const;

let files: Files;
const hierarchies = new Map<KeyAlgorithm, ExampleHierarchy>();

beforeAll(async () => {
  files = new Files();
  for (const algorithm of ALGORITHMS) {
    const hierarchy = await createHierarchy(algorithm);
    hierarchies.set(algorithm, hierarchy);
    for (const part of PARTS) files.write(`${algorithm}-${part}.pem`, hierarchy[part]);
  }
});
afterAll(() => files.remove());

const pathOf = (algorithm: KeyAlgorithm, part: (typeof PARTS)[number]) => files.path(`${algorithm}-${part}.pem`);

describeWith('openssl')('openssl', () => {
  function verify(algorithm: KeyAlgorithm, list: 'list' | 'revokingList'): Outcome {
    const lists = [pathOf(algorithm, 'rootList'), pathOf(algorithm, list)].flatMap((path) => ['-CRLfile', path]);
    return run(
      'openssl',
      ...['verify', '-x509_strict', '-purpose', 'sslclient', '-crl_check_all', '-check_ss_sig', ...lists],
      ...['-CAfile', pathOf(algorithm, 'root'), '-no-CApath', '-untrusted', pathOf(algorithm, 'subordinate')],
      pathOf(algorithm, 'client'),
    );
  }

  test.each(ALGORITHMS)('verifies strictly, with revocation lists, for %s', (algorithm) => {
    expect(verify(algorithm, 'list')).toMatchObject({ status: 0, text: expect.stringContaining(': OK') });
  });

  test.each(ALGORITHMS)('finds the client in a list for %s', (algorithm) => {
    const { status, text } = verify(algorithm, 'revokingList');
    expect(status).not.toBe(0);
    expect(text).toContain('certificate revoked');
  });

  test.each(ALGORITHMS)('verifies and reads a list for %s', (algorithm) => {
    const options = ['crl', '-in', pathOf(algorithm, 'list'), '-CAfile', pathOf(algorithm, 'subordinate')];
    const { text } = run('openssl', ...options, '-verify', '-noout', '-text');
    expect(text).toContain('verify OK');
    expect(text).toMatch(/X509v3 CRL Number:\s+300/);
    expect(text.match(/X509v3 CRL Reason Code:\s+[^\n]+/g)?.map((line) => line.replace(/^.*\s{2,}/s, ''))).toEqual([
      'Key Compromise',
      'CA Compromise',
      'Affiliation Changed',
      'Superseded',
      'Cessation Of Operation',
      'Privilege Withdrawn',
      'AA Compromise',
    ]);
  });

  test('reads an empty list', () => {
    const { text } = run('openssl', 'crl', '-in', pathOf('EC_prime256v1', 'rootList'), '-noout', '-text');
    expect(text).toContain('No Revoked Certificates');
  });
});

describeWith('go')('crypto/x509 of Go', () => {
  let judge: readonly [string, ...string[]];
  beforeAll(() => {
    judge = goJudge(files);
  });

  const verify = (algorithm: KeyAlgorithm, list: 'list' | 'revokingList') => {
    const parts = ['root', 'subordinate', 'client', list] as const;
    return run(...judge, 'verify', ...parts.map((part) => pathOf(algorithm, part)));
  };

  test.each(ALGORITHMS)('verifies a chain and a list for %s', (algorithm) => {
    expect(verify(algorithm, 'list')).toMatchObject({ status: 0, text: '8 entries in list 300\n' });
  });

  test.each(ALGORITHMS)('finds the client in a list for %s', (algorithm) => {
    const { status, text } = verify(algorithm, 'revokingList');
    expect(status).toBe(1);
    expect(text).toContain('revoked with reason 1');
  });
});

describeWith('javac')('java.security.cert', () => {
  let judge: readonly [string, ...string[]];
  beforeAll(() => {
    judge = javaJudge(files);
  });

  const verify = (algorithm: KeyAlgorithm, list: 'list' | 'revokingList') => {
    const parts = ['root', 'subordinate', 'client', list, 'rootList'] as const;
    return run(...judge, 'verify', ...parts.map((part) => pathOf(algorithm, part)));
  };

  test.each(ALGORITHMS)('verifies a chain, with revocation lists, for %s', (algorithm) => {
    expect(verify(algorithm, 'list')).toMatchObject({ status: 0, text: 'valid\n' });
  });

  test.each(ALGORITHMS)('finds the client in a list for %s', (algorithm) => {
    const { status, text } = verify(algorithm, 'revokingList');
    expect(status).toBe(1);
    expect(text).toContain('Certificate has been revoked, reason: KEY_COMPROMISE');
  });
});

/** Findings of linters that stay, each with the reason. */
type Accepted = Readonly<Record<string, string>>;

const ACM_PCA_KEY_USAGE =
  "ACM PCA's template EndEntityClientAuthCertificate sets keyEncipherment whatever the key is, and the same certificate " +
  'comes from both kinds of authority. TLS clients with ECDSA keys sign only, and verifiers do not look at the bit.';

function acceptedAt(part: (typeof PARTS)[number], algorithm: KeyAlgorithm, accepted: Accepted, onlyEc: Accepted) {
  if (part !== 'client') return [];
  return [...Object.keys(accepted), ...(algorithm === 'RSA_2048' ? [] : Object.keys(onlyEc))].sort();
}

const CERTIFICATES = ['root', 'subordinate', 'client'] as const;
const LISTS = ['rootList', 'list', 'revokingList'] as const;
const CASES = ALGORITHMS.flatMap((algorithm) => CERTIFICATES.map((part) => [part, algorithm] as const));
const LIST_CASES = ALGORITHMS.flatMap((algorithm) => LISTS.map((part) => [part, algorithm] as const));

describeWith('zlint')('zlint', () => {
  /** Those for certificates of any public key infrastructure. */
  const SOURCES = 'RFC3279,RFC5280,RFC5480,RFC5891,RFC8813';
  const ACCEPTED: Accepted = { e_key_usage_and_extended_key_usage_inconsistent: ACM_PCA_KEY_USAGE };
  const ACCEPTED_OF_EC: Accepted = {
    e_ecdsa_allowed_ku: ACM_PCA_KEY_USAGE,
    n_ecdsa_ee_invalid_ku: ACM_PCA_KEY_USAGE,
  };

  function lint(path: string): readonly string[] {
    const { stdout } = run('zlint', '-includeSources', SOURCES, path);
    const results = Object.entries(JSON.parse(stdout) as Record<string, { readonly result: string }>);
    expect(results.some(([, { result }]) => result === 'pass')).toBe(true);
    return results.filter(([, { result }]) => !['pass', 'NA', 'NE'].includes(result)).map(([name]) => name);
  }

  test.each(CASES)('finds nothing in a %s of %s but what is accepted', (part, algorithm) => {
    expect([...lint(pathOf(algorithm, part))].sort()).toEqual(acceptedAt(part, algorithm, ACCEPTED, ACCEPTED_OF_EC));
  });

  test.each(LIST_CASES)('finds nothing in a %s of %s', (part, algorithm) => {
    expect(lint(pathOf(algorithm, part))).toEqual([]);
  });
});

describeWith('lint_pkix_cert')('pkilint', () => {
  const ACCEPTED: Accepted = {
    'pkix.invalid_uri_syntax':
      'The linter knows some schemes only, and spiffe is none of them. The URI is the SPIFFE ID (RFC 3986, X509-SVID section 2).',
  };
  const ACCEPTED_OF_EC: Accepted = { 'pkix.key_usage_value_prohibited_for_ec': ACM_PCA_KEY_USAGE };

  interface Report {
    readonly results: readonly {
      readonly finding_descriptions: readonly { readonly code: string; readonly severity: string }[];
    }[];
  }

  function lint(program: string, ...options: readonly string[]): readonly string[] {
    const { results } = JSON.parse(run(program, 'lint', '-s', 'NOTICE', '-f', 'JSON', ...options).stdout) as Report;
    return results.flatMap((result) => result.finding_descriptions.map(({ code }) => code));
  }

  test.each(CASES)('finds nothing in a %s of %s but what is accepted', (part, algorithm) => {
    const findings = lint('lint_pkix_cert', pathOf(algorithm, part));
    expect([...findings].sort()).toEqual(acceptedAt(part, algorithm, ACCEPTED, ACCEPTED_OF_EC));
  });

  test.each(ALGORITHMS)('finds nothing between the certificates of a chain of %s', (algorithm) => {
    const [root, subordinate, client] = CERTIFICATES.map((part) => pathOf(algorithm, part));
    for (const pair of [
      [root, subordinate],
      [subordinate, client],
    ]) {
      expect(lint('lint_pkix_signer_signee_cert_chain', ...(pair as string[]))).toEqual([]);
    }
  });

  test.each(LIST_CASES)('finds nothing in a %s of %s', (part, algorithm) => {
    expect(lint('lint_crl', '-t', 'CRL', '-p', 'PKIX', pathOf(algorithm, part))).toEqual([]);
  });
});
