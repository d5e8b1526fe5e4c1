"""Operations."""

from oracle.support import integers, op_row, oracle_tests, real

test_rows = oracle_tests(
    [
        op_row("tanh", real(3, 4)),
        op_row("concatenate", [real(3, 4), real(3, 2)], axis=1),
        op_row("sum", integers(3, 4), axis=0),
    ]
)
