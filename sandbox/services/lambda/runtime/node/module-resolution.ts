/**
 * Finds packages as on Lambda, as a CommonJS module: in the code of the function alone, and then those that Lambda's
 * runtime supplies (https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html), which the sandbox takes from the
 * app. Without it, Node.js would find every package of the app in a directory above the code.
 */
export const MODULE_RESOLUTION = String.raw`
'use strict';
const { existsSync, readFileSync, realpathSync } = require('node:fs');
const Module = require('node:module');
const { dirname, isAbsolute, join, relative } = require('node:path');
const { fileURLToPath, pathToFileURL } = require('node:url');

const SUPPLIED = /^@(aws-sdk|smithy)\//;

/** @param sources directories, in or above whose node_modules the supplied packages are */
module.exports = function moduleResolution({ taskRoot, sources }) {
  const root = realpathSync(taskRoot);

  const isInside = (path) => {
    const way = relative(root, path);
    return !way.startsWith('..') && !isAbsolute(way);
  };

  /** A file from which the package is to be resolved instead of its importer. Undefined for no other. */
  function otherImporter(specifier, importer, code) {
    const name = packageName(specifier);
    if (name === undefined || importer === undefined || !isInside(importer)) return undefined;
    const folders = ancestors(dirname(importer)).filter(isInside);
    if (holdsPackage(folders, name) || nearestName(folders) === name) return undefined;
    const source = SUPPLIED.test(name) && sources.find((directory) => holdsPackage(ancestors(directory), name));
    if (source) return join(source, 'importer.js');
    const reason = SUPPLIED.test(name)
      ? 'Lambda supplies it, and the sandbox takes it from node_modules of the app, where it must be installed'
      : 'it must be in the code of the function or in its bundle';
    throw Object.assign(new Error("Cannot find package '" + name + "' imported from " + importer + ': ' + reason), { code });
  }

  return {
    /** For require. */
    patchRequire() {
      const resolveFilename = Module._resolveFilename;
      Module._resolveFilename = function (request, parent, isMain, options) {
        const importer = options?.paths ? undefined : parent?.filename;
        const other = otherImporter(request, importer ?? undefined, 'MODULE_NOT_FOUND');
        return other === undefined
          ? resolveFilename.call(this, request, parent, isMain, options)
          : Module.createRequire(other).resolve(request);
      };
    },
    /** A hook for ES modules. https://nodejs.org/api/module.html#resolvespecifier-context-nextresolve */
    resolve(specifier, context, nextResolve) {
      if (context.conditions.includes('require')) return nextResolve(specifier, context);
      const importer = context.parentURL?.startsWith('file:') ? fileURLToPath(context.parentURL) : undefined;
      const other = otherImporter(specifier, importer, 'ERR_MODULE_NOT_FOUND');
      return nextResolve(specifier, other ? { ...context, parentURL: pathToFileURL(other).href } : context);
    },
  };
};

function packageName(specifier) {
  if (Module.isBuiltin(specifier)) return undefined;
  return /^(@[^/\\]+\/[^/\\]+|[^@./\\#:][^/\\:]*)(?=\/|$)/.exec(specifier)?.[1];
}

function ancestors(directory) {
  const above = dirname(directory);
  return above === directory ? [directory] : [directory, ...ancestors(above)];
}

function holdsPackage(folders, name) {
  return folders.some((folder) => existsSync(join(folder, 'node_modules', name)));
}

/** A package can import itself by its name. */
function nearestName(folders) {
  const file = folders.map((folder) => join(folder, 'package.json')).find(existsSync);
  return file && JSON.parse(readFileSync(file, 'utf8')).name;
}
`;

/** Hooks for Node.js versions without module.registerHooks, which run them in another thread. */
export const MODULE_HOOKS = `
import moduleResolution from './module-resolution.cjs';

let resolution;
export function initialize(options) {
  resolution = moduleResolution(options);
}
export const resolve = (...given) => resolution.resolve(...given);
`;
