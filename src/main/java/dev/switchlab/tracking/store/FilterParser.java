package dev.switchlab.tracking.store;

import dev.switchlab.tracking.store.Comparison.Entity;
import dev.switchlab.tracking.store.Comparison.Operator;
import dev.switchlab.tracking.store.Comparison.Subject;
import dev.switchlab.tracking.store.Comparison.Value;
import dev.switchlab.tracking.store.FilterLexer.Kind;
import dev.switchlab.tracking.store.FilterLexer.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Parses MLflow's filters, {@code subject operator value (AND subject operator value)*}, and order_by clauses,
 * {@code subject [ASC|DESC]}. A subject is {@code entity.key} or an attribute's bare name; a key with other characters than letters,
 * digits, underscores and dots stands in backticks or double quotes.
 */
final class FilterParser {
    /** One order_by clause. */
    record Order(Subject subject, boolean ascending) {}

    private static final int MAX_LIST = 10_000;
    /** SQLite takes expressions up to 1000 deep and joins of up to 64 tables. */
    private static final int MAX_CLAUSES = 500;

    private static final int MAX_ORDERS = 32;

    private final List<Token> tokens;
    private int next;

    private FilterParser(List<Token> tokens) {
        this.tokens = tokens;
    }

    /** The clauses of a filter; none when it is blank. */
    static List<Comparison> filter(String source) {
        List<Comparison> comparisons = new ArrayList<>();
        List<String> invalid = new ArrayList<>();
        if (source.isBlank()) {
            return comparisons;
        }
        List<List<Token>> clauses = clauses(FilterLexer.tokens(source));
        if (clauses.size() > MAX_CLAUSES) {
            throw ApiException.invalid("The filter has " + clauses.size() + " clauses; allowed: up to " + MAX_CLAUSES);
        }
        for (List<Token> clause : clauses) {
            Optional<Comparison> comparison = new FilterParser(clause).comparison();
            comparison.ifPresentOrElse(comparisons::add, () -> invalid.add("'" + text(source, clause) + "'"));
        }
        if (!invalid.isEmpty()) {
            throw ApiException.invalid(
                    "Invalid clause(s) in filter string: " + String.join(", ", invalid) + hint(source));
        }
        return comparisons;
    }

    /** The clauses of order_by. */
    static List<Order> orders(List<String> sources) {
        if (sources.size() > MAX_ORDERS) {
            throw ApiException.invalid("order_by has " + sources.size() + " clauses; allowed: up to " + MAX_ORDERS);
        }
        return sources.stream().map(FilterParser::order).toList();
    }

    private static Order order(String source) {
        FilterParser parser = new FilterParser(FilterLexer.tokens(source));
        Optional<Subject> subject = parser.subject();
        boolean ascending = true;
        if (parser.next < parser.tokens.size()) {
            Token direction = parser.tokens.get(parser.next);
            parser.next++;
            if (direction.isWord("desc")) {
                ascending = false;
            } else if (!direction.isWord("asc")) {
                throw ApiException.invalid(
                        "Invalid ordering key in order_by clause '" + source + "'; allowed: ASC, DESC" + hint(source));
            }
        }
        if (subject.isEmpty() || parser.next < parser.tokens.size()) {
            throw ApiException.invalid("Invalid order_by clause '" + source
                    + "'. Could not be parsed; allowed: a key and ASC or DESC, e.g. metrics.loss ASC" + hint(source));
        }
        return new Order(subject.get(), ascending);
    }

    private static String hint(String source) {
        boolean special = FilterLexer.tokens(source).stream().anyMatch(token -> token.kind() == Kind.OTHER);
        return special ? ". Keys with special characters need backticks, e.g. metrics.`train/loss`" : "";
    }

    private static List<List<Token>> clauses(List<Token> tokens) {
        List<List<Token>> clauses = new ArrayList<>();
        List<Token> clause = new ArrayList<>();
        Kind before = Kind.OTHER;
        for (Token token : tokens) {
            if (token.isWord("and") && before != Kind.DOT) {
                clauses.add(clause);
                clause = new ArrayList<>();
            } else {
                clause.add(token);
            }
            before = token.kind();
        }
        clauses.add(clause);
        return clauses;
    }

    private static String text(String source, List<Token> clause) {
        return clause.isEmpty()
                ? ""
                : source.substring(
                        clause.get(0).start(), clause.get(clause.size() - 1).end());
    }

    private Optional<Comparison> comparison() {
        Optional<Subject> subject = subject();
        Optional<Operator> operator = operator();
        Optional<Value> value = operator.isPresent() && operator.get().takesList() ? list() : value();
        if (subject.isEmpty() || operator.isEmpty() || value.isEmpty() || next < tokens.size()) {
            return Optional.empty();
        }
        return Optional.of(new Comparison(subject.get(), operator.get(), value.get()));
    }

    private Optional<Subject> subject() {
        Optional<Token> first = take(Kind.WORD, Kind.BACKTICKED, Kind.DOUBLE_QUOTED);
        if (first.isEmpty()) {
            return Optional.empty();
        }
        if (take(Kind.DOT).isEmpty()) {
            return Optional.of(new Subject(Entity.ATTRIBUTE, first.get().text()));
        }
        Optional<Token> key = take(Kind.WORD, Kind.BACKTICKED, Kind.DOUBLE_QUOTED);
        if (key.isEmpty()) {
            return Optional.empty();
        }
        StringBuilder name = new StringBuilder(key.get().text());
        while (key.get().kind() == Kind.WORD && take(Kind.DOT).isPresent()) {
            Optional<Token> part = take(Kind.WORD);
            if (part.isEmpty()) {
                return Optional.empty();
            }
            name.append('.').append(part.get().text());
        }
        return Optional.of(new Subject(Entity.named(first.get().text()), name.toString()));
    }

    private Optional<Operator> operator() {
        Optional<Token> comparator = take(Kind.COMPARATOR);
        if (comparator.isPresent()) {
            return Operator.of(comparator.get().text());
        }
        Optional<Token> word = take(Kind.WORD);
        if (word.isPresent() && word.get().isWord("not")) {
            return take(Kind.WORD).filter(in -> in.isWord("in")).map(in -> Operator.NOT_IN);
        }
        return word.flatMap(token -> Operator.of(token.text()));
    }

    private Optional<Value> value() {
        Optional<Token> number = take(Kind.NUMBER);
        if (number.isPresent()) {
            return Optional.of(new Value.Numeral(number.get().text()));
        }
        return take(Kind.SINGLE_QUOTED, Kind.DOUBLE_QUOTED).map(token -> new Value.Text(token.text()));
    }

    private Optional<Value> list() {
        List<String> texts = new ArrayList<>();
        Optional<Token> open = take(Kind.OPEN);
        while (open.isPresent()) {
            Optional<Token> text = take(Kind.SINGLE_QUOTED, Kind.DOUBLE_QUOTED);
            if (text.isEmpty() || texts.size() == MAX_LIST) {
                return Optional.empty();
            }
            texts.add(text.get().text());
            if (take(Kind.CLOSE).isPresent()) {
                return Optional.of(new Value.TextList(texts));
            }
            open = take(Kind.COMMA);
        }
        return Optional.empty();
    }

    private Optional<Token> take(Kind... kinds) {
        if (next < tokens.size() && List.of(kinds).contains(tokens.get(next).kind())) {
            next++;
            return Optional.of(tokens.get(next - 1));
        }
        return Optional.empty();
    }
}
