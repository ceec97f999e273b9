/** Certificates as bars over time. */

/** The times of a certificate. */
export interface Span {
  readonly notBefore: string;
  readonly notAfter: string;
  /** When it stopped or stops being accepted, if that is before `notAfter`. */
  readonly endedAt?: string | undefined;
  readonly tone: 'good' | 'soon' | 'bad' | 'past';
}

/** A range of time, in milliseconds since 1970. */
export interface Scale {
  readonly from: number;
  readonly to: number;
}

/** A scale with room for all certificates and the present. */
export function scaleOf(spans: readonly Pick<Span, 'notBefore' | 'notAfter'>[], now: string): Scale {
  const times = [Date.parse(now), ...spans.flatMap((span) => [Date.parse(span.notBefore), Date.parse(span.notAfter)])];
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const margin = Math.max((to - from) * 0.02, 60_000);
  return { from: from - margin, to: to + margin };
}

interface TimelineProps {
  readonly span: Span | undefined;
  readonly scale: Scale;
  readonly now: string;
  /** What the bar shows, for those who can't see it. */
  readonly label: string;
}

/** One bar, with a line at the present. */
export function Timeline({ span, scale, now, label }: TimelineProps) {
  const position = (time: string | number) =>
    ((Number(typeof time === 'string' ? Date.parse(time) : time) - scale.from) / (scale.to - scale.from)) * 100;
  return (
    <svg class="timeline" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={label}>
      <rect class="track" x="0" y="3.5" width="100" height="3" />
      {span && (
        <rect
          class="rest"
          x={position(span.notBefore)}
          y="3"
          width={Math.max(position(span.notAfter) - position(span.notBefore), 0.5)}
          height="4"
        />
      )}
      {span && (
        <rect
          class={span.tone}
          x={position(span.notBefore)}
          y="2"
          width={Math.max(position(span.endedAt ?? span.notAfter) - position(span.notBefore), 0.5)}
          height="6"
        />
      )}
      <rect class="now" x={position(now) - 0.2} y="0" width="0.4" height="10" />
    </svg>
  );
}
