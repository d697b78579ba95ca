//! What is within a list, a map or an enum, counted.

use serde::de::{DeserializeSeed, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use crate::deserializer::Metered;
use crate::visitor::Counting;
use crate::{ALLOCATION, Meter, Of};

/// `inner`, counted by `meter`.
pub(crate) struct Access<'m, A> {
    pub(crate) inner: A,
    pub(crate) meter: &'m Meter,
    pub(crate) of: Of,
}

impl<'m, A> Access<'m, A> {
    /// What an entry of this size takes, beside what it points to.
    fn size<T>(&self) -> usize {
        match self.of {
            Of::Struct => 0,
            Of::Collection if size_of::<T>() == 0 => 0,
            Of::Collection => size_of::<T>() + ALLOCATION,
        }
    }

    fn seed<S>(&self, seed: S) -> Metered<'m, S> {
        Metered::of(seed, self.meter)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Access<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let seed = self.seed(seed);
        let next = self.inner.next_element_seed(seed)?;
        if next.is_some() {
            self.meter.hold(self.size::<S::Value>())?;
        }
        Ok(next)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Access<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let seed = self.seed(seed);
        let next = self.inner.next_key_seed(seed)?;
        if next.is_some() {
            self.meter.hold(self.size::<S::Value>())?;
        }
        Ok(next)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.meter.hold(self.size::<S::Value>())?;
        let seed = self.seed(seed);
        self.inner.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, 'm, A: EnumAccess<'de>> EnumAccess<'de> for Access<'m, A> {
    type Error = A::Error;
    type Variant = Access<'m, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (meter, of) = (self.meter, self.of);
        let (value, inner) = self.inner.variant_seed(Metered::of(seed, meter))?;
        Ok((value, Access { inner, meter, of }))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Access<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Metered::of(seed, self.meter))
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(length, Counting { visitor, meter: self.meter, of: Of::Struct })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = Counting { visitor, meter: self.meter, of: Of::Struct };
        self.inner.struct_variant(fields, visitor)
    }
}
