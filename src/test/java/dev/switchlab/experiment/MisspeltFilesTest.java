package dev.switchlab.experiment;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is wrong with a file before any value is looked at: syntax, keys, types. The whole message, which names file and
 * line.
 */
class MisspeltFilesTest {

    /** Settings below an id and semantics; ⏎ begins a line. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            # Unknown keys: with a near one, with the section that has the key, or without a guess.
            model:⏎  head: 4 | x.yaml:4: model.head is not a setting; did you mean model.heads?
            model:⏎  n_expert: 4 | x.yaml:4: model.n_expert is not a setting; did you mean model.n_experts?
            modle:⏎  heads: 4 | x.yaml:4: modle.heads is not a setting; did you mean model.heads?
            heads: 4 | x.yaml:3: heads is not a setting; did you mean model.heads?
            train:⏎  heads: 4 | x.yaml:4: train.heads is not a setting; did you mean model.heads?
            colour: red | x.yaml:3: colour is not a setting
            model:⏎  heads:⏎    n: 4 | x.yaml:5: model.heads.n is not a setting
            # Types
            model:⏎  heads: four | x.yaml:4: model.heads is "four"; allowed: whole numbers; example: model.heads=4
            model:⏎  heads: 4.0 | x.yaml:4: model.heads is "4.0"; allowed: whole numbers; example: model.heads=4
            model:⏎  heads: | x.yaml:4: model.heads has no value; allowed: whole numbers; example: model.heads=4
            model:⏎  heads: [4] | x.yaml:4: model.heads is a list; allowed: one value; example: heads: 4
            train:⏎  steps: 3000000000 | x.yaml:4: train.steps is "3000000000"; allowed: whole numbers from -2147483648 to 2147483647; example: train.steps=2000
            seed: 99999999999999999999 | x.yaml:3: seed is "99999999999999999999"; allowed: whole numbers from -9223372036854775808 to 9223372036854775807; example: seed=1
            model:⏎  dropout: .nan | x.yaml:4: model.dropout is ".nan"; allowed: finite numbers; example: model.dropout=0.1
            model:⏎  drop_tokens: yes | x.yaml:4: model.drop_tokens is "yes"; allowed: true, false; example: model.drop_tokens=true
            model:⏎  positions: rotery | x.yaml:4: model.positions is "rotery"; allowed: none, learned, rotary; did you mean rotary?; example: model.positions=rotary
            model: 4 | x.yaml:3: model is "4"; allowed: a section of indented settings or one as in model.d_model=...
            # A value that a record refuses, with its line
            ⏎model:⏎  heads: 6⏎  positions: none | x.yaml:5: model.heads is 6; allowed: divisors of model.d_model=128: 1, 2, 4, 8, 16, 32, 64, 128; example: model.heads=4
            # Keys set twice
            seed: 1⏎seed: 2 | x.yaml:4: seed is set twice, first at x.yaml:3; keep one
            model:⏎  heads: 4⏎model.heads: 2 | x.yaml:5: model.heads is set twice, first at x.yaml:4; keep one
            # YAML that is not one mapping, or no YAML
            ---⏎seed: 2 | x.yaml:4: a second YAML document; allowed: one
            model: &m⏎  heads: 4⏎train: *m | x.yaml:5: train uses a YAML anchor or alias; experiments share settings by extends: <id>
            model:⏎\theads: 4 | x.yaml:4: not valid YAML: found character '\\t(TAB)' that cannot start any token. (Do not use \\t(TAB) for indentation)
            about: "open | x.yaml:4: not valid YAML: found unexpected end of stream
            a: b: c | x.yaml:3: not valid YAML: mapping values are not allowed here
            """)
    void wrongSettingsAreRefused(String settings, String message) {
        wrongFilesAreRefused("id: x⏎semantics: paper⏎" + settings, message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            ~~ | x.yaml: empty; allowed: lines of key: value; example: semantics: paper
            ~# nothing~ | x.yaml: empty; allowed: lines of key: value; example: semantics: paper
            - a | x.yaml:1: not a mapping; allowed: lines of key: value; example: semantics: paper
            id: x | semantics is missing; allowed: reference, paper; example: semantics: paper
            id: x⏎semantics: papers | x.yaml:2: semantics is "papers"; allowed: reference, paper; did you mean paper?
            semantics: paper | id is missing; allowed: letters, digits, '.', '_' and '-', a letter or digit first; example: id=tiny-shakespeare
            id: a b⏎semantics: paper | x.yaml:1: id is "a b"; allowed: letters, digits, '.', '_' and '-', a letter or digit first; example: id=tiny-shakespeare
            id: x⏎extends: y | x.yaml:2: extends is only for files; a stored experiment is resolved
            """)
    void wrongFilesAreRefused(String yaml, String message) {
        String file = yaml.replace('⏎', '\n') + "\n";
        assertThatThrownBy(() -> ExperimentLoader.parse(file, "x.yaml", List.of()))
                .isInstanceOf(ExperimentException.class)
                .hasMessage(message);
    }

    @Test
    void anEmptySectionIsNoMistake() {
        ExperimentLoader.parse("id: x\nsemantics: paper\nmodel:\n", "x.yaml");
    }
}
