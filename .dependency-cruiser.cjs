/** Functions test a certificate with the code with which clients present it. */
const TLS_REQUEST = 'client/(errors|tls-request)[.]ts$';

/** The sandbox's engine knows no meshes. Only these files, the façade, do. */
const SANDBOX_FACADE = '^sandbox/(index|sandbox|client-secret-reader|mesh-variables)[.]ts$';
const SANDBOX_FACADE_IMPORTS = ['client', 'mesh', 'pki'];

/** For each folder, the folders and packages that it may import. It may import nothing else. */
const MAY_IMPORT = {
  pki: { folders: [], packages: ['@peculiar/'] },
  mesh: { folders: ['pki'], packages: [] },
  client: { folders: ['mesh', 'pki'], packages: ['@aws-sdk/client-secrets-manager'] },
  aws: { folders: ['mesh', 'pki', TLS_REQUEST], packages: ['@aws-sdk/', 'aws4'] },
  registry: { folders: ['aws', 'mesh', 'pki'], packages: [] },
  lib: { folders: ['mesh', 'pki/pem[.]ts$', 'registry/records[.]ts$'], packages: ['aws-cdk-lib', 'constructs'] },
  lambda: {
    folders: ['registry', 'aws', 'mesh', 'pki', TLS_REQUEST],
    packages: ['@aws-sdk/', '@types/aws-lambda', 'aws-lambda'],
  },
  sandbox: { folders: SANDBOX_FACADE_IMPORTS, packages: ['@peculiar/', 'dynalite', 'fast-xml-parser'] },
  bin: {
    folders: ['registry', 'aws', 'mesh', 'pki', 'client', 'lib', 'sandbox', 'examples', 'package[.]json$'],
    packages: [
      'aws-cdk-lib',
      'constructs',
      '@aws-sdk/',
      '@bomb.sh/',
      '@hpcc-js/wasm-graphviz',
      '@peculiar/x509',
      'chokidar',
      'cli-table3',
      'commander',
      'picocolors',
      'picomatch',
      'preact',
      'prom-client',
      'reflect-metadata',
      '@types/picomatch',
    ],
  },
  examples: {
    folders: ['lib', 'client'],
    packages: ['aws-cdk-lib', 'constructs', '@aws-sdk/', '@types/aws-lambda', 'aws-lambda', 'axios', 'got', 'undici'],
  },
};

/** These parse certificates with node:crypto alone: the ASN.1 library would be most of their size. */
const WITHOUT_ASN1 = ['client', 'lib', 'mesh', 'lambda/authorizer'];

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
      to: { circular: true },
    },
    ...Object.entries(MAY_IMPORT).map((entry) => ({
      name: `${entry[0]}-imports`,
      severity: 'error',
      from: { path: `^${entry[0]}/` },
      to: { dependencyTypesNot: ['core'], pathNot: allowedTargets(entry) },
    })),
    {
      name: 'sandbox-engine-knows-no-mesh',
      severity: 'error',
      from: { path: '^sandbox/', pathNot: SANDBOX_FACADE },
      to: { path: SANDBOX_FACADE_IMPORTS.map((folder) => `^${folder}/`) },
    },
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
