package dev.switchlab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class SeedsTest {

    @Test
    void areARangeOrAList() {
        assertThat(Seeds.parse("1..5")).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(Seeds.parse("-1..1")).containsExactly(-1L, 0L, 1L);
        assertThat(Seeds.parse(" 7, 1,3 ")).containsExactly(7L, 1L, 3L);
        assertThat(Seeds.parse("4")).containsExactly(4L);
    }

    @Test
    void everythingElseIsRefusedInOneLine() {
        for (String wrong : new String[] {
            "", "x", "5..1", "1..", "1,,2", "1,1", "1..5,7", "0..99999999", "1.5", "99999999999999999999"
        }) {
            assertThatThrownBy(() -> Seeds.parse(wrong))
                    .as(wrong)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "SEEDS is '" + wrong + "', allowed: a range or a list of at most 1000 different seeds, for"
                                    + " example 1..5 or 1,2,7");
        }
    }
}
