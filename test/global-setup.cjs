// Tests deploy the bundles that ship; this makes them from the sources at hand.
const { execFileSync } = require('node:child_process');
const { join } = require('node:path');

module.exports = () => {
  // The built-in schema validator costs two seconds a synthesis; one test turns it on.
  process.env.CDK_VALIDATION = 'false';
  execFileSync(process.execPath, [join(__dirname, '..', 'scripts', 'bundle.mjs')], { stdio: 'inherit' });
};
