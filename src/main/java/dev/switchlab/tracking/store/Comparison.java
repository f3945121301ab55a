package dev.switchlab.tracking.store;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One clause of a filter, such as {@code metrics.loss < 1}.
 *
 * @param subject what is compared
 * @param operator how
 * @param value with what
 */
record Comparison(Subject subject, Operator operator, Value value) {
    /** The kinds of things that filters and orders speak of, with the names MLflow takes for each. */
    enum Entity {
        METRIC("metric"),
        PARAMETER("parameter"),
        TAG("tag"),
        ATTRIBUTE("attribute"),
        DATASET("dataset");

        private static final Map<String, Entity> BY_NAME = Map.ofEntries(
                Map.entry("metric", METRIC),
                Map.entry("metrics", METRIC),
                Map.entry("parameter", PARAMETER),
                Map.entry("parameters", PARAMETER),
                Map.entry("param", PARAMETER),
                Map.entry("params", PARAMETER),
                Map.entry("tag", TAG),
                Map.entry("tags", TAG),
                Map.entry("attribute", ATTRIBUTE),
                Map.entry("attributes", ATTRIBUTE),
                Map.entry("attr", ATTRIBUTE),
                Map.entry("run", ATTRIBUTE),
                Map.entry("dataset", DATASET),
                Map.entry("datasets", DATASET));

        private final String label;

        Entity(String label) {
            this.label = label;
        }

        static Entity named(String name) {
            return Optional.ofNullable(BY_NAME.get(name))
                    .orElseThrow(() -> ApiException.invalid("Invalid entity type '" + name
                            + "'. Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']"));
        }

        @Override
        public String toString() {
            return label;
        }
    }

    /** A key of an entity, for example metric loss or attribute status. */
    record Subject(Entity entity, String key) {}

    /** A comparison operator and the SQL it becomes. */
    enum Operator {
        EQUAL("="),
        NOT_EQUAL("!="),
        LESS("<"),
        LESS_OR_EQUAL("<="),
        GREATER(">"),
        GREATER_OR_EQUAL(">="),
        LIKE("LIKE"),
        ILIKE("ILIKE"),
        IN("IN"),
        NOT_IN("NOT IN");

        static final Set<Operator> FOR_NUMBERS =
                Set.of(EQUAL, NOT_EQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL);
        static final Set<Operator> FOR_TEXT = Set.of(EQUAL, NOT_EQUAL, LIKE, ILIKE);
        static final Set<Operator> FOR_TEXT_OR_LISTS = Set.of(EQUAL, NOT_EQUAL, LIKE, ILIKE, IN, NOT_IN);

        private final String symbol;

        Operator(String symbol) {
            this.symbol = symbol;
        }

        static Optional<Operator> of(String symbol) {
            for (Operator operator : values()) {
                if (operator.symbol.equalsIgnoreCase(symbol)) {
                    return Optional.of(operator);
                }
            }
            return Optional.empty();
        }

        boolean takesList() {
            return this == IN || this == NOT_IN;
        }

        @Override
        public String toString() {
            return symbol;
        }
    }

    /** The right-hand side. */
    sealed interface Value {
        /** A quoted string. */
        record Text(String text) implements Value {}

        /** A number as written. */
        record Numeral(String text) implements Value {}

        /** Quoted strings in parentheses. */
        record TextList(List<String> texts) implements Value {}
    }

    /** The SQL condition on {@code column}; its arguments are {@link #arguments}. */
    String sql(String column) {
        if (value instanceof Value.TextList list) {
            return column + " " + operator + " ("
                    + String.join(", ", Collections.nCopies(list.texts().size(), "?")) + ")";
        }
        // SQLite has no ILIKE; MLflow compares in lower case as well.
        return operator == Operator.ILIKE ? "lower(" + column + ") LIKE lower(?)" : column + " " + operator + " ?";
    }

    /** The arguments of {@link #sql}. */
    List<Object> arguments() {
        if (value instanceof Value.TextList list) {
            return List.copyOf(list.texts());
        }
        if (value instanceof Value.Numeral number) {
            return List.of(numeric(number.text()));
        }
        return List.of(((Value.Text) value).text());
    }

    private static Object numeric(String text) {
        try {
            return Long.valueOf(text);
        } catch (NumberFormatException e) {
            return Double.valueOf(text);
        }
    }

    /** Checks that the subject takes this operator with a number. */
    void requireNumber() {
        requireOperator(Operator.FOR_NUMBERS);
        if (!(value instanceof Value.Numeral)) {
            throw ApiException.invalid("Expected numeric value type for " + subject.entity() + " '" + subject.key()
                    + "', e.g. " + subject.key() + " > 0.5; found a string");
        }
    }

    /** Checks that the subject takes this operator with a string, or with a list where {@code allowed} says so. */
    void requireText(Set<Operator> allowed) {
        requireOperator(allowed);
        if (operator.takesList() != value instanceof Value.TextList || value instanceof Value.Numeral) {
            throw ApiException.invalid("Expected a quoted string value for " + subject.entity() + " '" + subject.key()
                    + "' (e.g. 'my-value'), or a list of them in parentheses after IN");
        }
    }

    private void requireOperator(Set<Operator> allowed) {
        if (!allowed.contains(operator)) {
            throw ApiException.invalid("Invalid comparator '" + operator + "' for " + subject.entity() + " '"
                    + subject.key() + "'; allowed: "
                    + String.join(
                            ", ",
                            allowed.stream().map(Operator::toString).sorted().toList()));
        }
    }
}
