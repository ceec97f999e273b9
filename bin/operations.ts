/** The work of the commands that operate a deployed mesh, as one bundle: all of them need the AWS clients. */
export { disable } from './disable/disable';
export { enable } from './enable/enable';
export { list } from './list/list';
export { revoke } from './revoke/revoke';
export { rotate } from './rotate/rotate';
export { show } from './show/show';
