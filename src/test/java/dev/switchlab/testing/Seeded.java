package dev.switchlab.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test, or all tests of a class, that use random numbers. A test that takes a parameter {@link Seed} gets the seed; every failure
 * prints the command that repeats it with the same seed.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@ExtendWith(SeededExtension.class)
public @interface Seeded {

    /** The seed, unless {@code -Dswitchlab.test.seed} gives another. */
    long value() default 1;

    /** Marks the parameter, a {@code long}, that the seed goes to. */
    @Target(ElementType.PARAMETER)
    @Retention(RetentionPolicy.RUNTIME)
    @interface Seed {}
}
