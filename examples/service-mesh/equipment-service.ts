import type { Checkout, Names } from './answers';
import { serve } from './mesh-handler';

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
