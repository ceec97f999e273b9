import bundle from '../global-setup';
import { beginRecord } from './record';

export default function setUp(): void {
  bundle();
  beginRecord();
}
