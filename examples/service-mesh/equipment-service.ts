import { serve } from './mesh-handler';
import type { Names } from './users-service';

/** A piece of equipment that somebody has checked out. */
export interface Checkout {
  readonly item: string;
  readonly userId: string;
  readonly userName: string;
}

const CHECKOUTS = [
  { item: 'rope', userId: 'u1' },
  { item: 'regulator', userId: 'u2' },
  { item: 'helmet', userId: 'u3' },
];

export const handler = serve('equipment', {
  '/equipment/checkouts': async (ask) => {
    const names = await ask<Names>('/users/names');
    return CHECKOUTS.map((checkout): Checkout => ({ ...checkout, userName: names[checkout.userId] ?? 'unknown' }));
  },
});
