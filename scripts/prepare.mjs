// Runs after `npm install` in a clone, which needs only the bundles, and when npm installs the package from a Git
// repository: it then runs no other script of the package, and sets a variable for its own use.
// https://github.com/npm/pacote/blob/v21.0.0/lib/git.js
import { execSync } from 'node:child_process';

const fromGit = process.env['_PACOTE_NO_PREPARE_'] !== undefined;
execSync(`npm run ${fromGit ? 'build' : 'bundle'}`, { stdio: 'inherit' });
