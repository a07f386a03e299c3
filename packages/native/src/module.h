#pragma once

#include <node_api.h>

#include <initializer_list>
#include <vector>

#include "descriptor.h"
#include "environment.h"

namespace socketserver {

// The functions that JavaScript sees, by the file that defines them. `lib/binding.ts` describes each.
void AddListenerFunctions(std::vector<napi_property_descriptor>* functions);
void AddConnectionFunctions(std::vector<napi_property_descriptor>* functions);
void AddDatagramFunctions(std::vector<napi_property_descriptor>* functions);
void AddDescriptorFunctions(std::vector<napi_property_descriptor>* functions);
void AddCrossingFunctions(std::vector<napi_property_descriptor>* functions);
void AddProcessFunctions(std::vector<napi_property_descriptor>* functions);

struct Function {
  const char* name;
  napi_callback callback;
};
void AddFunctions(std::initializer_list<Function> added, std::vector<napi_property_descriptor>* functions);

// Takes a connected socket in; the reply names it.
SlotId EnterConnection(Environment* environment, Descriptor descriptor, int family);

}  // namespace socketserver
