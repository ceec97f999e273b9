// Strips types with esbuild, so that a test runs the sources and never a stale build. Jest's cache knows the options.
const { transformSync } = require('esbuild');

module.exports = {
  process: (source, sourcefile, { transformerConfig }) =>
    transformSync(source, {
      loader: 'ts',
      format: 'cjs',
      target: 'node20',
      sourcemap: 'inline',
      sourcefile,
      ...transformerConfig,
    }),
};
