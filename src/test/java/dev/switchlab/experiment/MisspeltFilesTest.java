package dev.switchlab.experiment;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What is wrong with a file before any value is looked at: syntax, keys, types. The whole message, which names file and
 * line.
 */
class MisspeltFilesTest {

    @Test
    void unknownKeysAreRefusedWithANearOne() {
        refused("model:\n  head: 4\n", "x.yaml:4: model.head is not a setting; did you mean model.heads?");
        refused("model:\n  n_expert: 4\n", "x.yaml:4: model.n_expert is not a setting; did you mean model.n_experts?");
        refused("modle:\n  heads: 4\n", "x.yaml:4: modle.heads is not a setting; did you mean model.heads?");
    }

    @Test
    void aKeyInTheWrongSectionFindsItsPlace() {
        refused("heads: 4\n", "x.yaml:3: heads is not a setting; did you mean model.heads?");
        refused("train:\n  heads: 4\n", "x.yaml:4: train.heads is not a setting; did you mean model.heads?");
    }

    @Test
    void aKeyLikeNoOtherIsRefusedWithoutAGuess() {
        refused("colour: red\n", "x.yaml:3: colour is not a setting");
    }

    @Test
    void wrongTypesAreRefused() {
        refused(
                "model:\n  heads: four\n",
                "x.yaml:4: model.heads is \"four\"; allowed: whole numbers; example: model.heads=4");
        refused(
                "model:\n  heads: 4.0\n",
                "x.yaml:4: model.heads is \"4.0\"; allowed: whole numbers; example: model.heads=4");
        refused(
                "train:\n  steps: 3000000000\n",
                "x.yaml:4: train.steps is \"3000000000\"; allowed: whole numbers from -2147483648 to 2147483647; example: train.steps=2000");
        refused(
                "seed: 99999999999999999999\n",
                "x.yaml:3: seed is \"99999999999999999999\"; allowed: whole numbers from -9223372036854775808 to 9223372036854775807; example: seed=1");
        refused(
                "model:\n  dropout: .nan\n",
                "x.yaml:4: model.dropout is \".nan\"; allowed: finite numbers; example: model.dropout=0.0");
        refused(
                "model:\n  drop_tokens: yes\n",
                "x.yaml:4: model.drop_tokens is \"yes\"; allowed: true, false; example: model.drop_tokens=true");
        refused(
                "model:\n  positions: rotery\n",
                "x.yaml:4: model.positions is \"rotery\"; allowed: none, learned, rotary; did you mean rotary?; example: model.positions=rotary");
        refused(
                "model: 4\n",
                "x.yaml:3: model is \"4\"; allowed: a section of indented settings or one as in model.d_model=...");
        refused(
                "model:\n  heads:\n",
                "x.yaml:4: model.heads has no value; allowed: whole numbers; example: model.heads=4");
        refused("model:\n  heads: [4]\n", "x.yaml:4: model.heads is a list; allowed: one value; example: heads: 4");
        refused("model:\n  heads:\n    n: 4\n", "x.yaml:5: model.heads.n is not a setting");
    }

    @Test
    void aValueThatARecordRefusesIsNamedWithItsLine() {
        refused(
                "\nmodel:\n  heads: 6\n  positions: none\n",
                "x.yaml:5: model.heads is 6; allowed: divisors of model.d_model=128: 1, 2, 4, 8, 16, 32, 64, 128; example: model.heads=4");
    }

    @Test
    void keysSetTwiceAreRefused() {
        refused("seed: 1\nseed: 2\n", "x.yaml:4: seed is set twice, first at x.yaml:3; keep one");
        refused(
                "model:\n  heads: 4\nmodel.heads: 2\n",
                "x.yaml:5: model.heads is set twice, first at x.yaml:4; keep one");
    }

    @Test
    void anEmptySectionIsNoMistake() {
        ExperimentLoader.parse("id: x\nsemantics: paper\nmodel:\n", "x.yaml");
    }

    @Test
    void whatIsNotOneMappingIsRefused() {
        parseRefused("", "x.yaml: empty; allowed: lines of key: value; example: semantics: paper");
        parseRefused("# nothing\n", "x.yaml: empty; allowed: lines of key: value; example: semantics: paper");
        parseRefused("- a\n", "x.yaml:1: not a mapping; allowed: lines of key: value; example: semantics: paper");
        refused("---\nseed: 2\n", "x.yaml:4: a second YAML document; allowed: one");
        refused(
                "model: &m\n  heads: 4\ntrain: *m\n",
                "x.yaml:5: train uses a YAML anchor or alias; experiments share settings by extends: <id>");
    }

    @Test
    void badSyntaxIsRefusedInOneLine() {
        refused(
                "model:\n\theads: 4\n",
                "x.yaml:4: not valid YAML: found character '\\t(TAB)' that cannot start any token. (Do not use \\t(TAB) for indentation)");
        refused("about: \"open\n", "x.yaml:4: not valid YAML: found unexpected end of stream");
        refused("a: b: c\n", "x.yaml:3: not valid YAML: mapping values are not allowed here");
    }

    @Test
    void semanticsAndIdMustBeGiven() {
        parseRefused("id: x\n", "semantics is missing; allowed: reference, paper; example: semantics: paper");
        parseRefused(
                "id: x\nsemantics: papers\n",
                "x.yaml:2: semantics is \"papers\"; allowed: reference, paper; did you mean paper?");
        parseRefused(
                "semantics: paper\n",
                "id is missing; allowed: letters, digits, '.', '_' and '-', a letter or digit first; example: id=tiny-shakespeare");
        parseRefused(
                "id: a b\nsemantics: paper\n",
                "x.yaml:1: id is \"a b\"; allowed: letters, digits, '.', '_' and '-', a letter or digit first; example: id=tiny-shakespeare");
        parseRefused("id: x\nextends: y\n", "x.yaml:2: extends is only for files; a stored experiment is resolved");
    }

    private static void refused(String settings, String message) {
        parseRefused("id: x\nsemantics: paper\n" + settings, message);
    }

    private static void parseRefused(String yaml, String message) {
        assertThatThrownBy(() -> ExperimentLoader.parse(yaml, "x.yaml", List.of()))
                .isInstanceOf(ExperimentException.class)
                .hasMessage(message);
    }
}
