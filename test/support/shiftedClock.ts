// For programs that tests start with `node --import`: a machine whose clock is wrong by CLOCK_SHIFT milliseconds.
const shift = Number(process.env["CLOCK_SHIFT"])
const now = Date.now
Date.now = () => now() + shift
