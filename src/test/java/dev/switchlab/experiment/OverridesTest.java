package dev.switchlab.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OverridesTest {

    @Test
    void assignmentsAreSplitAtWhiteSpace() {
        assertThat(parsed("model.n_experts=8  train.steps=500\tseed=3", "", "corpus=a.txt"))
                .isEqualTo("model.n_experts:8|train.steps:500|seed:3|corpus:a.txt");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '>', quoteCharacter = '~', textBlock = """
            train.sample_prompt="To be" seed=1 > train.sample_prompt:To be|seed:1
            train.sample_prompt='say "no"' > train.sample_prompt:say "no"
            corpus=king's.txt seed=1 > corpus:king's.txt|seed:1
            corpus=a=b.txt > corpus:a=b.txt
            corpus=a="b c"d seed=1 > corpus:a="b c"d|seed:1
            """)
    void quotesKeepWhiteSpaceAndValuesMayHoldAnEqualsSign(String assignments, String parsed) {
        assertThat(parsed(assignments)).isEqualTo(parsed);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            # No assignments
            model.heads | model.heads: not an assignment; write key=value, as in: model.n_experts=8 train.steps=500
            =4 | =4: not an assignment; write key=value, as in: model.n_experts=8 train.steps=500
            corpus="a b | corpus="a b: the quote " is not closed; write key=value, as in: model.n_experts=8 train.steps=500
            seed=1 seed=2 | seed=2: seed is set twice; keep one
            # Wrong values
            model.heads=four | model.heads=four: model.heads is "four"; allowed: whole numbers; example: model.heads=4
            model.heads= | model.heads=: model.heads has no value; allowed: whole numbers; example: model.heads=4
            model.head=4 | model.head=4: model.head is not a setting; did you mean model.heads?
            id=x | id=x: id cannot be changed here; an experiment is called like its file, so copy the file
            semantics=reference | semantics=reference: semantics cannot be changed here; it chooses the defaults, which are resolved already
            """)
    void wrongOverridesAreRefused(String overrides, String message) {
        assertThatThrownBy(() -> Experiment.of(Semantics.PAPER, overrides))
                .isInstanceOf(ExperimentException.class)
                .hasMessage("override " + message);
    }

    private static String parsed(String... assignments) {
        return Overrides.parse(List.of(assignments)).entrySet().stream()
                .map(entry -> entry.getKey() + ":" + entry.getValue().text())
                .collect(Collectors.joining("|"));
    }
}
