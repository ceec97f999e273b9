import type { TrafficView } from '../state';

const HEIGHT = 48;

/** Requests by minute: allowed ones below, and refused ones above them. */
export function TrafficChart({ minutes }: Pick<TrafficView, 'minutes'>) {
  const most = Math.max(1, ...minutes.map(({ allowed, refused }) => allowed + refused));
  const [allowed, refused] = [total(minutes, 'allowed'), total(minutes, 'refused')];
  const heightOf = (count: number) => (count / most) * HEIGHT;
  return (
    <figure class="chart">
      <svg
        viewBox={`0 0 ${minutes.length * 10} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`In the last ${minutes.length} minutes, ${allowed} requests were allowed and ${refused} were refused.`}
      >
        {minutes.map((minute, index) => {
          const x = index * 10 + 1;
          const top = HEIGHT - heightOf(minute.allowed);
          return (
            <g key={index}>
              <rect class="base" x={x} y={HEIGHT - 1} width="8" height="1" />
              <rect class="allowed" x={x} y={top} width="8" height={heightOf(minute.allowed)} />
              <rect
                class="refused"
                x={x}
                y={top - heightOf(minute.refused)}
                width="8"
                height={heightOf(minute.refused)}
              />
            </g>
          );
        })}
      </svg>
      <figcaption>
        <span class="key allowed">{allowed} allowed</span>
        <span class="key refused">{refused} refused</span>
        <span class="quiet">in the last {minutes.length} minutes</span>
      </figcaption>
    </figure>
  );
}

function total(minutes: TrafficView['minutes'], kind: 'allowed' | 'refused'): number {
  return minutes.reduce((sum, minute) => sum + minute[kind], 0);
}
