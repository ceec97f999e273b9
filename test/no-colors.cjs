// Tests compare plain output. Jest asks for colours in its workers where it prints colours itself, as in CI.
process.env.FORCE_COLOR = '0';
