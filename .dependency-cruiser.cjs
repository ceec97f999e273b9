// Who may import whom. A folder that is not listed for another may not be imported by it.
const MAY_IMPORT = {
  pki: { folders: [], packages: ['@peculiar/'] },
  lib: {
    folders: ['pki/(contract|names|registry-records|external-clients|certificate-identity)[.]ts$'],
    packages: ['aws-cdk-lib', 'constructs'],
  },
  // The issuer tries a certificate with the code by which clients will show it.
  lambda: {
    folders: ['pki', 'client/(errors|tls-request)[.]ts$'],
    packages: ['@aws-sdk/', '@types/aws-lambda', 'aws-lambda', 'aws4fetch'],
  },
  client: { folders: ['pki'], packages: [] },
  sandbox: { folders: ['pki', 'client'], packages: ['@peculiar/', 'dynalite', 'fast-xml-parser'] },
  bin: {
    folders: ['lib', 'pki', 'client', 'sandbox', 'examples', 'package[.]json$'],
    packages: ['aws-cdk-lib', 'constructs', '@aws-sdk/', 'aws4fetch', 'cli-table3', 'commander'],
  },
  examples: {
    folders: ['lib', 'client'],
    packages: ['aws-cdk-lib', 'constructs', '@aws-sdk/', '@types/aws-lambda', 'aws-lambda'],
  },
};

/** Nothing outside pki may reach the ASN.1 library through these folders: they parse with node:crypto alone. */
const WITHOUT_ASN1 = ['lambda/authorizer', 'client'];

const allowedTargets = ([folder, { folders, packages }]) => [
  `^${folder}/`,
  ...folders.map((allowed) => (allowed.endsWith('$') ? `^${allowed}` : `^${allowed}/`)),
  ...packages.map((name) => `^node_modules/${name}${name.endsWith('/') ? '' : '(/|$)'}`),
];

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...Object.entries(MAY_IMPORT).map((entry) => ({
      name: `${entry[0]}-imports`,
      severity: 'error',
      from: { path: `^${entry[0]}/` },
      to: { dependencyTypesNot: ['core'], pathNot: allowedTargets(entry) },
    })),
    {
      name: 'without-asn1',
      severity: 'error',
      from: { path: WITHOUT_ASN1.map((folder) => `^${folder}/`) },
      to: { path: '^node_modules/@peculiar/', reachable: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'default', 'types'] },
  },
};
