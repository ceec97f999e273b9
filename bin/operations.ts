/** The work of the commands that operate a deployed mesh, as one bundle: all of them need the AWS clients. */
export { runCan } from './can/can';
export { runDisable } from './disable/disable';
export { runDoctor } from './doctor/doctor';
export { runEnable } from './enable/enable';
export { runList } from './list/list';
export { runRevoke } from './revoke/revoke';
export { runRotate } from './rotate/rotate';
export { runShow } from './show/show';
